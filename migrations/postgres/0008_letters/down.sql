DROP TABLE letter_series;
DROP TABLE letters;
DROP FUNCTION letters_are_frozen();
