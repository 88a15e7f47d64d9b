// expect: compile_error
package main

func main() { var unused int }
