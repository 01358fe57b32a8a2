# the same, and the password ends with Return before anybody says that the field has the focus
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
object 11 pid=10 role=text
object 12 pid=10 role=password
focus 1
field 11
+1s type ab
+1s button down
press r
+1ms release r
press s
+1ms release s
+300ms button up
into 12
press t
+1ms release t
press u
+1ms release u
+10ms press Return
+10ms release Return
field 12
+600ms focus 1
+1ms field 11
+5s type c
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
2000..4000 span password
8125 key_down letter code=46
8155 key_up letter code=46
