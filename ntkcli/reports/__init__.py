"""Pictures of the tables that commands write; matplotlib, an extra, draws them."""
