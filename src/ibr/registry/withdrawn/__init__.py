"""What stood until a delivery was voided, taken out of what everything else reads, and kept."""
