// expect: runtime_error
fn main() { panic!("on purpose"); }
