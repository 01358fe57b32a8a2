# Keys typed before any object is known are not the next field's
study keys=code key_time=exact apps=id
window 1 exe=/usr/bin/editor pid=100

object 21 pid=100 role=text
consent given
focus 1
+1s type xyz
press Tab
release Tab
+10ms field 21
+1s type ok
+4s motion 1 1
--
0 start
0 focus app=editor
1000..2000 span unknown
2310 key_down letter code=24
2340 key_up letter code=24
2410 key_down letter code=37
2440 key_up letter code=37
6510 motion at=1,1
