"""The brief: two pages of PDF about one area and one period, for whoever has two minutes."""
