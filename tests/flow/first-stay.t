# Input before any window is known to have the focus: a span
study keys=code key_time=exact apps=id
window 1 exe=/usr/bin/editor pid=100

consent given
type ab
motion 5 5
+5s focus 1
stop
--
0 start
0..6000 span unknown
6000 stop
