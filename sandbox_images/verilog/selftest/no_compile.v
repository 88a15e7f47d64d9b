// expect: compile_error
module main;
  assign nothing = ;
endmodule
