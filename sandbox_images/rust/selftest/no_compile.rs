// expect: compile_error
fn main() { let x: u32 = "text"; }
