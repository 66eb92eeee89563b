"""What is made of releases by itself: built on their day, with their files and briefs."""
