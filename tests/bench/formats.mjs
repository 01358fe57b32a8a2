// SPDX-License-Identifier: Apache-2.0
// What DuckDB makes of a table that assent exported: bytes of Parquet at its best, and speeds.
//
// usage: node formats.mjs sizes|speeds|first ROWS.csv FOLDER COUNT       prints JSON
//
// sizes   of the first COUNT rows, zstd level 19, the columns that say something (no constant, and not mono_us, which t_us stands for): as they are, and after
//         differences were taken by SQL; the smaller of Parquet's versions 1 and 2
// speeds  COPY of the whole table out of memory at zstd's usual level; reading every value of its columns, less the four that are the same in each row of a
//         segment: of all, and of those that are not empty; best of five. One thread
// first   microseconds until the first row of a Parquet file is there, all columns; the database runs already
import fs from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const [what, csv, folder, count] = process.argv.slice(2);
const ROUNDS = 5;
const db = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
const quoted = (path) => `'${path.replaceAll("'", "''")}'`;
const types = { t_us: 'BIGINT', mono_us: 'BIGINT', kind: 'VARCHAR', device: 'SMALLINT', class: 'VARCHAR', code: 'SMALLINT', text: 'VARCHAR', x: 'INTEGER', y: 'INTEGER',
	dx: 'FLOAT', dy: 'FLOAT', scroll_x: 'SMALLINT', scroll_y: 'SMALLINT', app: 'VARCHAR', title: 'VARCHAR', reason: 'VARCHAR', end_us: 'BIGINT', lost: 'INTEGER',
	synthetic: 'BOOLEAN', study: 'VARCHAR', epoch: 'VARCHAR', participant: 'VARCHAR', segment: 'VARCHAR' };
const place = ['study', 'epoch', 'participant', 'segment'];

const rows = async (sql) => (await db.runAndReadAll(sql)).getRows();
const names = Object.keys(types);

// Best of some rounds: seconds of the processor, and of the wall.
async function best(action) {
	let cpu = Infinity, wall = Infinity;
	for (let i = 0; i < ROUNDS; i++) {
		const usage = process.cpuUsage(), from = process.hrtime.bigint();
		await action();
		wall = Math.min(wall, Number(process.hrtime.bigint() - from) / 1e9);
		const used = process.cpuUsage(usage);
		cpu = Math.min(cpu, (used.user + used.system) / 1e6);
	}
	return { cpu, wall };
}

// Of both versions.
async function smaller(select) {
	const sizes = [];
	for (const version of ['V1', 'V2']) {
		const path = `${folder}/duckdb-small.parquet`;
		await db.run(`copy (${select}) to ${quoted(path)} (format parquet, compression zstd, compression_level 19, parquet_version ${version})`);
		sizes.push(fs.statSync(path).size);
	}
	return Math.min(...sizes);
}

// The same rows, with what a reader can undo with a running sum taken out.
function differences(columns) {
	const before = (name) => `coalesce(lag(${name} ignore nulls) over (order by rowid), 0)`;
	const moved = (name, by) => `(${name} - ${before(name)}${columns.includes(by) ? ` - coalesce(${by}, 0)` : ''})::INTEGER as ${name}`;
	const changed = { t_us: `t_us - ${before('t_us')} as t_us`, x: moved('x', 'dx'), y: moved('y', 'dy') };
	for (const name of ['dx', 'dy'])
		changed[name] = `case when ${name} = trunc(${name}) then ${name}::INTEGER end as ${name}`;
	return columns.map((name) => changed[name] ?? `"${name}"`).join();
}

await db.run(`create table t as select * from read_csv(${quoted(csv)}, header=true, quote='"', escape='"', allow_quoted_nulls=false,
	columns={${Object.entries(types).map(([name, type]) => `'${name}': '${type}'`).join()}}) ${what === 'speeds' ? '' : `limit ${Number(count)}`}`);
const result = { rows: Number((await rows('select count(*) from t'))[0][0]) };

if (what === 'sizes') {
	const distinct = (await rows(`select ${names.map((name) => `count(distinct "${name}") + any_value(case when "${name}" is null then 1 else 0 end)`).join()} from t`))[0];
	const nulls = (await rows(`select ${names.map((name) => `count(*) - count("${name}")`).join()} from t`))[0];
	const kept = names.filter((name, i) => name !== 'mono_us' && Number(distinct[i]) > 0 && (Number(distinct[i]) > 1 || (Number(nulls[i]) > 0 && Number(nulls[i]) < result.rows)));
	result.columns = kept;
	result.plain = await smaller(`select ${kept.map((name) => `"${name}"`).join()} from t`);
	result.delta = await smaller(`select ${differences(kept)} from t`);
} else if (what === 'speeds') {
	const some = (await rows(`select ${names.map((name) => `count("${name}")`).join()} from t`))[0];
	const kept = names.filter((name, i) => !place.includes(name) && Number(some[i]) > 0);
	const look = (columns) => columns.map((name) => (types[name] === 'VARCHAR' ? `sum(strlen("${name}"))` : types[name] === 'BOOLEAN' ? `count_if("${name}")` : `sum("${name}")`)).join();
	const all = names.filter((name) => !place.includes(name));
	result.columns = kept;
	result.copy = {};
	result.read = {};
	result.read_all = {};
	for (const version of ['V1', 'V2']) {
		const path = `${folder}/duckdb.parquet`;
		result.copy[version] = await best(() => db.run(`copy t to ${quoted(path)} (format parquet, compression zstd, parquet_version ${version})`));
		for (const [columns, into] of [[all, result.read_all], [kept, result.read]])
			into[version] = await best(() => db.runAndReadAll(`select ${look(columns)} from read_parquet(${quoted(path)})`));
	}
} else {
	const path = `${folder}/duckdb-day.parquet`;
	await db.run(`copy t to ${quoted(path)} (format parquet, compression zstd)`);
	result.first = (await best(() => rows(`select * from read_parquet(${quoted(path)}) limit 1`))).wall * 1e6;
}
console.log(JSON.stringify(result));
