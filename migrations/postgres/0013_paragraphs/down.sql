DROP TABLE paragraphs;
