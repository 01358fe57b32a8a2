# a window manager holds back the click on a password field for 0.6 s, while the first keys pass it by into the text field: they are masked, too
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
+600ms button up
field 12
press t
+1ms release t
press u
+1ms release u
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
2200 button_down code=272
2200..4000 span password
8405 key_down letter code=46
8435 key_up letter code=46
