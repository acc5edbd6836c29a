"""The sticky assignors: as even as possible, then as few moves as possible."""
