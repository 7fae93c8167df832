"""Files of people: read, checked as a whole, decided person by person, recorded in pieces."""
