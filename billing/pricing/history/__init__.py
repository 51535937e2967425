"""What applied when: dated countries and currencies of centers, backdated changes, and price histories."""
