<?php
echo mt_rand(), ' ', lcg_value(), ' ', random_int(0, PHP_INT_MAX);
