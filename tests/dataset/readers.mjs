// SPDX-License-Identifier: Apache-2.0
// Every row of STEM.parquet, STEM.arrow and STEM.jsonl, as other people's readers see it, against STEM.csv.
//
// usage: [READERS=duckdb,...] node readers.mjs STEM...        prints JSON: {STEM: {READER: {rows, types, groups, wrong: null | "what differs first"}}}
import fs from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import * as arrow from 'apache-arrow';
import { decompress } from 'fzstd';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import * as wasm from 'parquet-wasm';

let polars = null;
try {
	polars = (await import('nodejs-polars')).default;
} catch (error) {
	console.error(`no Polars: ${error.message}`);
}
// fzstd hands out views, and Arrow wants them aligned.
arrow.compressionRegistry.set(arrow.CompressionType.ZSTD, { decode: (packed) => new Uint8Array(decompress(packed)) });

const real = new Set(['dx', 'dy']);
const text = new Set(['kind', 'class', 'text', 'app', 'title', 'reason', 'study', 'epoch', 'participant', 'segment']);
const bits = new DataView(new ArrayBuffer(4));

// What a value is, however a reader represents it: integers in decimal, float32 by its bits.
function canonical(name, value) {
	if (value === null || value === undefined)
		return null;
	if (real.has(name)) {
		bits.setFloat32(0, Number(value));
		return bits.getUint32(0).toString(16);
	}
	return String(value);
}

// RFC 4180; an empty field is null, "" is an empty string.
function csv(path) {
	const s = fs.readFileSync(path, 'utf8');
	const rows = [];
	let row = [], at = 0;
	while (at < s.length) {
		let value = null;
		if (s[at] === '"') {
			value = '';
			for (at++; ; at++) {
				const end = s.indexOf('"', at);
				value += s.slice(at, end);
				at = end + 1;
				if (s[at] !== '"')
					break;
				value += '"';
			}
		} else {
			let end = at;
			while (s[end] !== ',' && s[end] !== '\n')
				end++;
			value = end > at ? s.slice(at, end) : null;
			at = end;
		}
		row.push(value);
		if (s[at] === '\n') {
			rows.push(row);
			row = [];
		}
		at++;
	}
	const names = rows.shift();
	return { names, count: rows.length, columns: names.map((name, i) => rows.map((r) => canonical(name, r[i]))) };
}

// First difference, in words. get(name, row) is a reader's value.
function compare(wanted, count, names, get) {
	if (names.join() !== wanted.names.join())
		return `columns ${names.join()}`;
	if (Number(count) !== wanted.count)
		return `${count} rows of ${wanted.count}`;
	for (const [i, name] of wanted.names.entries())
		for (let row = 0; row < wanted.count; row++) {
			const seen = canonical(name, get(name, row)), should = wanted.columns[i][row];
			if (seen !== should)
				return `${name} of row ${row}: ${JSON.stringify(seen)}, not ${JSON.stringify(should)}`;
		}
	return null;
}

const quoted = (path) => `'${path.replaceAll("'", "''")}'`;

async function duckdb(stem, wanted) {
	const db = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
	const from = `read_parquet(${quoted(stem + '.parquet')})`;
	const all = await db.runAndReadAll(`select * from ${from}`);
	const names = all.columnNames(), columns = all.getColumns();
	const wrong = compare(wanted, all.currentRowCount, names, (name, row) => columns[names.indexOf(name)][row]);
	const groups = (await db.runAndReadAll(`select row_group_id, row_group_num_rows, path_in_schema, stats_min_value, stats_max_value, stats_null_count,
		num_values from parquet_metadata(${quoted(stem + '.parquet')}) order by row_group_id`)).getRows();
	return { rows: all.currentRowCount, types: all.columnTypes().map(String), wrong: wrong ?? statistics(wanted, groups) };
}

const sql = { t_us: 'BIGINT', mono_us: 'BIGINT', device: 'SMALLINT', code: 'SMALLINT', x: 'INTEGER', y: 'INTEGER', dx: 'FLOAT', dy: 'FLOAT', scroll_x: 'SMALLINT',
	scroll_y: 'SMALLINT', end_us: 'BIGINT', lost: 'INTEGER', synthetic: 'BOOLEAN' };

// The two formats of text, by a reader that is told the columns' types.
async function duckdbText(path, how, wanted) {
	const db = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
	const types = wanted.names.map((name) => `'${name}': '${sql[name] ?? 'VARCHAR'}'`).join();
	const all = await db.runAndReadAll(`select * from ${how}, columns={${types}})`.replace('FILE', quoted(path)));
	const names = all.columnNames(), columns = all.getColumns();
	return { rows: all.currentRowCount, wrong: compare(wanted, all.currentRowCount, names, (name, row) => columns[names.indexOf(name)][row]) };
}

// Least, greatest and nulls of each chunk, against its rows.
function statistics(wanted, groups) {
	const start = new Map();
	let rows = 0;
	for (const [id, count] of groups)
		if (!start.has(id)) {
			start.set(id, rows);
			rows += Number(count);
		}
	for (const [id, count, name, least, most, nulls, values] of groups) {
		const column = wanted.columns[wanted.names.indexOf(name)].slice(start.get(id), start.get(id) + Number(count));
		const there = column.filter((v) => v !== null);
		if (Number(nulls) !== column.length - there.length || Number(values) !== column.length)
			return `statistics of ${name}: ${nulls} nulls of ${values}, not ${column.length - there.length} of ${column.length}`;
		if (!there.length) {
			if (least !== null || most !== null)
				return `statistics of ${name} without values: ${least}, ${most}`;
			continue;
		}
		let low, high;
		if (real.has(name)) {
			const number = (v) => { bits.setUint32(0, parseInt(v, 16)); return bits.getFloat32(0); };
			const numbers = there.map(number);
			low = numbers.reduce((a, b) => (b < a ? b : a));
			high = numbers.reduce((a, b) => (b > a ? b : a));
			if (Math.fround(Number(least)) !== low || Math.fround(Number(most)) !== high)
				return `statistics of ${name}: ${least} to ${most}, not ${low} to ${high}`;
			continue;
		}
		if (text.has(name)) {
			const order = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
			low = there.reduce((a, b) => (order(b, a) < 0 ? b : a));
			high = there.reduce((a, b) => (order(b, a) > 0 ? b : a));
		} else if (name === 'synthetic') {
			low = String(there.every((v) => v === 'true'));
			high = String(there.includes('true'));
		} else {
			const numbers = there.map(BigInt);
			low = String(numbers.reduce((a, b) => (b < a ? b : a)));
			high = String(numbers.reduce((a, b) => (b > a ? b : a)));
		}
		// DuckDB shows what it cannot print as \x00.
		const shown = (v) => (text.has(name) ? v.replace(/[^ -~]|\\/gu, '?').slice(0, 8) : v);
		const seen = (v) => (text.has(name) ? String(v).replace(/\\x[0-9A-F]{2}/g, '?').replace(/[^ -~]|\\/gu, '?').slice(0, 8) : String(v));
		if (seen(least) !== shown(low) || seen(most) !== shown(high))
			return `statistics of ${name}: ${JSON.stringify(least)} to ${JSON.stringify(most)}, not ${JSON.stringify(low)} to ${JSON.stringify(high)}`;
	}
	return null;
}

async function hyparquet(stem, wanted) {
	const data = fs.readFileSync(stem + '.parquet');
	const file = data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
	const meta = parquetMetadata(file);
	const rows = await parquetReadObjects({ file, compressors });
	const leaves = meta.schema.slice(1);
	const names = leaves.map((leaf) => leaf.name);
	const types = leaves.map((leaf) => `${leaf.type}${leaf.logical_type ? ' ' + leaf.logical_type.type + (leaf.logical_type.bitWidth ?? '') : ''} ${leaf.repetition_type}`);
	return { rows: rows.length, types, groups: meta.row_groups.length, created_by: meta.created_by,
		described: Object.fromEntries(meta.key_value_metadata.map((pair) => [pair.key, pair.value])), wrong: compare(wanted, rows.length, names, (name, row) => rows[row][name]) };
}

function frame(df, wanted) {
	const names = df.columns, columns = {};
	// As text, since its numbers for JavaScript are doubles.
	const cast = df.select(...names.map((name) => (real.has(name) ? polars.col(name) : polars.col(name).cast(name === 'synthetic' ? polars.Bool : polars.Utf8))));
	for (const name of names)
		columns[name] = cast.getColumn(name).toArray();
	return { rows: df.height, types: names.map((name) => String(df.schema[name]).replace(/^DataType\((\w+).*$/s, '$1')),
		wrong: compare(wanted, df.height, names, (name, row) => columns[name][row]) };
}

function table(t, wanted) {
	const names = t.schema.fields.map((field) => field.name), columns = {};
	for (const name of names)
		columns[name] = t.getChild(name).toArray ? [...t.getChild(name)] : [];
	return { rows: t.numRows, types: t.schema.fields.map((field) => `${field.type}${field.nullable ? '?' : ''}`), batches: t.batches.length,
		described: Object.fromEntries(t.schema.fields.map((field) => [field.name, field.metadata.get('description') ?? ''])),
		wrong: compare(wanted, t.numRows, names, (name, row) => columns[name][row]) };
}

const result = {};
for (const stem of process.argv.slice(2)) {
	const wanted = csv(stem + '.csv');
	const readers = {
		duckdb: () => duckdb(stem, wanted),
		'duckdb-csv': () => duckdbText(stem + '.csv', "read_csv(FILE, header=true, quote='\"', escape='\"', allow_quoted_nulls=false, strict_mode=true", wanted),
		'duckdb-jsonl': () => duckdbText(stem + '.jsonl', "read_json(FILE, format='newline_delimited'", wanted),
		hyparquet: () => hyparquet(stem, wanted),
		'arrow-rs': () => table(arrow.tableFromIPC(wasm.readParquet(fs.readFileSync(stem + '.parquet')).intoIPCStream()), wanted),
		'apache-arrow': () => table(arrow.tableFromIPC(fs.readFileSync(stem + '.arrow')), wanted),
	};
	if (polars) {
		readers.polars = () => frame(polars.readParquet(stem + '.parquet'), wanted);
		readers['polars-ipc'] = () => frame(polars.readIPC(fs.readFileSync(stem + '.arrow')), wanted);
	}
	result[stem] = {};
	for (const [name, read] of Object.entries(readers)) {
		if (process.env.READERS && !process.env.READERS.split(',').includes(name))
			continue;
		try {
			result[stem][name] = await read();
		} catch (error) {
			result[stem][name] = { wrong: `it failed: ${error.message}` };
		}
	}
}
console.log(JSON.stringify(result, (_, v) => (typeof v === 'bigint' ? Number(v) : v)));
