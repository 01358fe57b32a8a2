# SPDX-License-Identifier: Apache-2.0
"""qt_window.py TITLE KIND... : a Qt window with one field of each kind (text password area combo).

When it is on the screen it prints one line of JSON: its X window and where the middle of each field is on the screen. Then
it obeys lines on its standard input: "clear N", "text N" (prints what field N holds, as JSON).
"""

import json
import sys

from PyQt5.QtCore import QSocketNotifier, QTimer
from PyQt5.QtWidgets import QApplication, QComboBox, QLineEdit, QTextEdit, QVBoxLayout, QWidget


def make(kind):
	if kind == "area":
		return QTextEdit()
	if kind == "combo":
		combo = QComboBox()
		combo.setEditable(True)
		combo.setCompleter(None)
		return combo
	line = QLineEdit()
	if kind == "password":
		line.setEchoMode(QLineEdit.Password)
	return line


def main():
	title, kinds = sys.argv[1], sys.argv[2:]
	application = QApplication(sys.argv[:1])
	window = QWidget()
	window.setWindowTitle(title)
	layout = QVBoxLayout(window)
	fields = [make(kind) for kind in kinds]
	for field in fields:
		layout.addWidget(field)
	window.resize(360, 240)
	window.move(60, 60)
	window.show()

	def middle(field):
		point = field.mapToGlobal(field.rect().center())
		return [point.x(), point.y()]

	def tell():
		print(json.dumps({"window": int(window.winId()), "fields": [middle(field) for field in fields]}), flush=True)

	def obey(_fd):
		line = sys.stdin.buffer.raw.readline().decode()  # unbuffered: no line may wait unseen
		if not line:
			application.quit()
			return
		word, _, rest = line.strip().partition(" ")
		field = fields[int(rest)]
		if word == "clear":
			field.clearEditText() if isinstance(field, QComboBox) else field.clear()
		elif word == "text":
			text = field.currentText() if isinstance(field, QComboBox) else \
				field.toPlainText() if isinstance(field, QTextEdit) else field.text()
			print(json.dumps(text), flush=True)

	notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Read)
	notifier.activated.connect(obey)
	QTimer.singleShot(500, tell)
	application.exec_()


main()
