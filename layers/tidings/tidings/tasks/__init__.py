"""Tasks of operators and customers, with due dates and assignees."""
