"""Bronze flows in; silver, quarantine and every delivery's verdict flow out."""
