// expect: runtime_error
module main;
  initial $fatal(1, "on purpose");
endmodule
