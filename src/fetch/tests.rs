//! Tests of fetching against local servers.
