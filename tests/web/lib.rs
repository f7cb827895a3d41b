//! The tests of `cache-web` stand beside this file: a package of their own, because a web server is built for
//! them alone.
