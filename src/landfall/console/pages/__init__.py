"""The console's pages: one in each module, each made of widgets."""
