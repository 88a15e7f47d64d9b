// expect: cpu_timeout
module main;
  reg clock = 0;
  always #1 clock = ~clock;
endmodule
