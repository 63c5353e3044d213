"""When each question is asked again, and how fresh its answer is."""
