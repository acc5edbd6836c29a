"""Programs as new users write them; ``test_programs.py`` runs each and looks at what it did."""
