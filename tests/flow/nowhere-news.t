# News of a password field that come while the focus is nowhere count when it comes back
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
object 11 pid=10 role=text
object 12 pid=10 role=password
focus 1
field 11
+1s type a
+1s focus none
field 12
+10ms focus 1
type bc
+3s field 11
+3s type d
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
2000..6000 span password
8310 key_down letter code=32
8340 key_up letter code=32
