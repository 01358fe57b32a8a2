# a password, Tab, and text at 1 ms a key: the password and the Tab are masked, what comes after the span's end is kept
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
field 12
+1s press x
+1ms release x
press y
+1ms release y
press z
+1ms release z
press Tab
+1ms release Tab
field 14
press w
+1ms release w
press o
+1ms release o
press r
+1ms release r
press d
+1ms release d
+3s type more
--
0 start
0..2000 span password
2000 focus app=gedit
4008 key_down letter code=50
4038 key_up letter code=50
4108 key_down letter code=24
4138 key_up letter code=24
4208 key_down letter code=19
4238 key_up letter code=19
4308 key_down letter code=18
4338 key_up letter code=18
