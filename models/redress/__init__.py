"""What counts on a day: display terms, objections, repairs, revocations, relief."""
