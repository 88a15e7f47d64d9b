// expect: runtime_error
package main

func main() { panic("on purpose") }
