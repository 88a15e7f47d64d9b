<?php // expect: runtime_error
throw new Exception("on purpose");
