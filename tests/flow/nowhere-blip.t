# The focus is nowhere for a moment and comes back to the same window: the same stay goes on, also a password field's
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
object 11 pid=10 role=text
object 12 pid=10 role=password
focus 1
field 11
+1s type a
+1s focus none
focus 1
+1s type b
+1s field 12
+1s type cd
+1s focus none
focus 1
+1s type ef
+1s field 11
+2s type g
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
3100 key_down letter code=48
3130 key_up letter code=48
4000..9000 span password
10600 key_down letter code=34
10630 key_up letter code=34
