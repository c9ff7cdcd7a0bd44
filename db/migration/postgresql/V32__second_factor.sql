-- A secret of TOTP that its owner has been shown and not confirmed with a code yet, encrypted as second_factor is. Nothing asks for its codes.
ALTER TABLE users ADD COLUMN second_factor_pending text;
