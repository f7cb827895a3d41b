//! The examples stand beside this file, one folder each.
