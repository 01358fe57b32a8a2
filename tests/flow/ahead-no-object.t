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
+4s type ok
+4s motion 1 1
--
0 start
0 focus app=editor
1000..2000 span unknown
5310 key_down letter code=24
5340 key_up letter code=24
5410 key_down letter code=37
5440 key_up letter code=37
9510 motion at=1,1
