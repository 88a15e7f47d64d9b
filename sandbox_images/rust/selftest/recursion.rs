// expect: passed
fn deep(n: u32) -> u32 { if n == 0 { 0 } else { 1 + deep(n - 1) } }
fn main() { println!("{}", deep(5000)); }
