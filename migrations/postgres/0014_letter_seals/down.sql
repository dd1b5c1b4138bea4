DROP TABLE letter_seals;
