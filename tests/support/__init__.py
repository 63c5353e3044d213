"""What the tests share, by role; README.md says what each module is for."""
