# two carets for the last key before Tab: none of them counts for the password
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 14 pid=10 role=text
object 21 pid=20 role=password
object 22 pid=20 role=text
focus 1
field 11
+1s type ab
press c
+1ms caret 11
press Tab
field 12
press x
+1ms release c
release Tab
release x
press y
+1ms release y
+1s press Tab
+5ms release Tab
field 11
+3s type d
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
1200 key_down letter code=46
1200..3000 span password
5208 key_down letter code=32
5238 key_up letter code=32
