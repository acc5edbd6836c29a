"""Programs as new users write them; ``test_programs.py`` runs each as it is and looks at what it did."""
