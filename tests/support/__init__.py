"""What the tests share: the real program in a terminal, in a pipe, and the Node it is proven against."""
