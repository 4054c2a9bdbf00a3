"""Pages, figures and files made from the folders of a finished run."""
