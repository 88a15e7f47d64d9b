<?php

echo (1 + ;
