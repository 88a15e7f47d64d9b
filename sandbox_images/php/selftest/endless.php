<?php // expect: cpu_timeout
while (true) { }
