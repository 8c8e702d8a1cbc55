"""From registered page to readings: hand print, machine print, marks, signatures; decoding and confidence."""
