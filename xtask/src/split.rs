//! Cuts the module into parts, so that a visitor waits for what the first minute needs and for no more.
//!
//! Functions that a first visit calls (`first-visit.mjs` calls them, in a build that counts) stay in the main module; the
//! others go into parts that load later. All parts share memory, table and globals. A function that went keeps a stub in
//! its place, which makes sure that its part is there and calls it through the table; what a part calls in the main
//! module, it imports.
use std::collections::{BTreeMap, BTreeSet};
use walrus::ir::{self, Visitor};
use walrus::{
    ConstExpr, ElementItems, ElementKind, FunctionBuilder, FunctionId, FunctionKind, GlobalId,
    GlobalKind, ImportKind, ImportedFunction, LocalFunction, Module, ModuleConfig, TableId,
    ValType,
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The import that loads a part (`www/later.js`), under the name that the glue gives it.
const LOAD: &str = "load_part";
/// Where parts import from.
const MAIN: &str = "m";

/// A module that calls the import `tell` of `count` at the start of each function, with the function's number.
pub fn counting(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = parse(wasm)?;
    let ty = module.types.add(&[ValType::I32], &[]);
    let (told, _) = module.add_import_func("count", "tell", ty);
    for (id, function) in module.funcs.iter_local_mut() {
        function
            .builder_mut()
            .func_body()
            .instr_at(
                0,
                ir::Const {
                    value: ir::Value::I32(id.index() as i32),
                },
            )
            .instr_at(1, ir::Call { func: told });
    }
    Ok(module.emit_wasm())
}

/// The main module, then the parts. `called` are the numbers of functions that stay; of the others, each goes into the
/// first part whose name, a path, stands in its own name, or into the last.
pub fn split(wasm: &[u8], called: &BTreeSet<usize>, parts: &[&str]) -> Result<Vec<Vec<u8>>> {
    let plan = Plan::new(&parse(wasm)?, called, parts)?;
    let later: Vec<Module> = (0..parts.len())
        .map(|part| plan.part(parse(wasm)?, part))
        .collect::<Result<_>>()?;
    let wanted = later.iter().flat_map(imports).collect();
    let main = plan.main(parse(wasm)?, &wanted)?;
    Ok([main]
        .into_iter()
        .chain(later)
        .map(|mut m| m.emit_wasm())
        .collect())
}

fn parse(wasm: &[u8]) -> Result<Module> {
    let mut config = ModuleConfig::new();
    config
        .generate_name_section(false)
        .generate_producers_section(false);
    Ok(config.parse(wasm)?)
}

fn table(module: &Module) -> Result<TableId> {
    Ok(module
        .tables
        .main_function_table()?
        .ok_or("the module has no table of functions")?)
}

fn loader(module: &Module) -> Result<FunctionId> {
    let found = module.imports.iter().find_map(|import| match import.kind {
        ImportKind::Function(id) if import.name.contains(LOAD) => Some(id),
        _ => None,
    });
    found.ok_or_else(|| format!("the module imports no {LOAD}").into())
}

/// What a part imports: `f12` for a function, `g0` for a global, `t0` for a table, by the numbers in the module before it
/// was cut.
fn imports(part: &Module) -> Vec<String> {
    part.imports
        .iter()
        .map(|import| import.name.clone())
        .collect()
}

struct Plan {
    /// Functions that go, and into which part.
    part_of: BTreeMap<usize, usize>,
    /// Where in the table a function that went is found.
    slots: BTreeMap<usize, Vec<u64>>,
    table_size: u64,
}

impl Plan {
    fn new(module: &Module, called: &BTreeSet<usize>, parts: &[&str]) -> Result<Plan> {
        let table = table(module)?;
        let start = module.start.map(|id| id.index());
        let mut plan = Plan {
            part_of: BTreeMap::new(),
            slots: BTreeMap::new(),
            table_size: module.tables.get(table).initial,
        };
        for (id, _) in module.funcs.iter_local() {
            if called.contains(&id.index()) || start == Some(id.index()) {
                continue;
            }
            let name = module.funcs.get(id).name.as_deref().unwrap_or("");
            let part = parts.iter().position(|path| name.contains(path));
            plan.part_of
                .insert(id.index(), part.unwrap_or(parts.len() - 1));
        }
        plan.find_slots(module, table)?;
        Ok(plan)
    }

    /// The places in the table that functions have which went; new ones for those that are called from elsewhere.
    fn find_slots(&mut self, module: &Module, functions: TableId) -> Result<()> {
        for element in module.elements.iter() {
            let ElementKind::Active { table, offset } = &element.kind else {
                continue;
            };
            let (ConstExpr::Value(ir::Value::I32(offset)), ElementItems::Functions(items)) =
                (offset, &element.items)
            else {
                if *table == functions {
                    return Err("an element segment of an unknown kind".into());
                }
                continue;
            };
            for (at, id) in (*offset as u64..).zip(items) {
                if self.part_of.contains_key(&id.index()) {
                    self.slots.entry(id.index()).or_default().push(at);
                }
            }
        }
        let exported = module
            .exports
            .iter()
            .filter_map(|export| match export.item {
                walrus::ExportItem::Function(id) => Some((None, id.index())),
                _ => None,
            });
        let calls = module.funcs.iter_local().flat_map(|(id, function)| {
            let from = self.part_of.get(&id.index()).copied();
            calls(function).into_iter().map(move |to| (from, to))
        });
        let crossing: BTreeSet<usize> = exported
            .chain(calls)
            .filter(|(from, to)| {
                self.part_of
                    .get(to)
                    .is_some_and(|part| Some(*part) != *from)
            })
            .map(|(_, to)| to)
            .collect();
        for id in crossing {
            self.slots.entry(id).or_insert_with(|| {
                self.table_size += 1;
                vec![self.table_size - 1]
            });
        }
        Ok(())
    }

    /// The module without the functions that went; with stubs, and with exports of what the parts import.
    fn main(&self, mut module: Module, wanted: &BTreeSet<String>) -> Result<Module> {
        let load = loader(&module)?;
        let (memory, functions) = (module.get_memory_id()?, table(&module)?);
        let table = module.tables.get_mut(functions);
        table.initial = self.table_size;
        table.maximum = Some(self.table_size);
        let ids: Vec<FunctionId> = module.funcs.iter_local().map(|(id, _)| id).collect();
        let parts = self.part_of.values().max().map_or(0, |most| most + 1);
        let ensure: Vec<FunctionId> = (0..parts)
            .map(|part| ensure(&mut module, load, part))
            .collect();
        for id in ids {
            let Some(slots) = self.slots.get(&id.index()) else {
                continue;
            };
            let part = self.part_of[&id.index()];
            let stub = stub(&mut module, id, ensure[part], functions, slots[0]);
            module.funcs.get_mut(id).kind = FunctionKind::Local(stub);
        }
        let ids: Vec<FunctionId> = module.funcs.iter().map(|f| f.id()).collect();
        for id in ids {
            let name = format!("f{}", id.index());
            if wanted.contains(&name) {
                module.exports.add(&name, id);
            }
        }
        let globals: Vec<GlobalId> = module.globals.iter().map(|g| g.id()).collect();
        for id in globals {
            let name = format!("g{}", id.index());
            if wanted.contains(&name) {
                module.exports.add(&name, id);
            }
        }
        let ids: Vec<TableId> = module.tables.iter().map(|t| t.id()).collect();
        for id in ids {
            module.exports.add(&format!("t{}", id.index()), id);
        }
        module.exports.add("memory0", memory);
        walrus::passes::gc::run(&mut module);
        Ok(module)
    }

    /// A module of the functions of one part.
    fn part(&self, mut module: Module, part: usize) -> Result<Module> {
        let (memory, functions) = (module.get_memory_id()?, table(&module)?);
        module.start = None;
        let exports: Vec<_> = module.exports.iter().map(|e| e.id()).collect();
        exports.into_iter().for_each(|id| module.exports.delete(id));
        let imports: Vec<_> = module.imports.iter().map(|i| i.id()).collect();
        imports.into_iter().for_each(|id| module.imports.delete(id));
        let elements: Vec<_> = module.elements.iter().map(|e| e.id()).collect();
        for table in module.tables.iter_mut() {
            table.elem_segments.clear();
        }
        elements
            .into_iter()
            .for_each(|id| module.elements.delete(id));
        let data: Vec<_> = module.data.iter().map(|d| d.id()).collect();
        for memory in module.memories.iter_mut() {
            memory.data_segments.clear();
        }
        data.into_iter().for_each(|id| module.data.delete(id));

        let ids: Vec<FunctionId> = module.funcs.iter().map(|f| f.id()).collect();
        for id in ids {
            if self.part_of.get(&id.index()) == Some(&part) {
                continue;
            }
            let ty = module.funcs.get(id).ty();
            let import = module.imports.add(MAIN, &format!("f{}", id.index()), id);
            module.funcs.get_mut(id).kind = FunctionKind::Import(ImportedFunction { import, ty });
        }
        let globals: Vec<GlobalId> = module.globals.iter().map(|g| g.id()).collect();
        for id in globals {
            let import = module.imports.add(MAIN, &format!("g{}", id.index()), id);
            module.globals.get_mut(id).kind = GlobalKind::Import(import);
        }
        let import = module.imports.add(MAIN, "memory0", memory);
        module.memories.get_mut(memory).import = Some(import);
        let ids: Vec<TableId> = module.tables.iter().map(|t| t.id()).collect();
        for id in ids {
            let import = (module.imports).add(MAIN, &format!("t{}", id.index()), id);
            module.tables.get_mut(id).import = Some(import);
        }
        let table = module.tables.get_mut(functions);
        table.initial = self.table_size;
        table.maximum = Some(self.table_size);
        self.fill_table(&mut module, functions, part);
        walrus::passes::gc::run(&mut module);
        Ok(module)
    }

    /// The part's functions at their places, one segment for each run of neighbours.
    fn fill_table(&self, module: &mut Module, table: TableId, part: usize) {
        let ids: BTreeMap<usize, FunctionId> = module
            .funcs
            .iter()
            .map(|f| (f.id().index(), f.id()))
            .collect();
        let mut places: Vec<(u64, FunctionId)> = (self.slots.iter())
            .filter(|(id, _)| self.part_of[*id] == part)
            .flat_map(|(id, slots)| slots.iter().map(|slot| (*slot, ids[id])))
            .collect();
        places.sort_by_key(|(slot, _)| *slot);
        for run in places.chunk_by(|a, b| a.0 + 1 == b.0) {
            let offset = ConstExpr::Value(ir::Value::I32(run[0].0 as i32));
            let kind = ElementKind::Active { table, offset };
            let items = ElementItems::Functions(run.iter().map(|(_, id)| *id).collect());
            let element = module.elements.add(kind, items);
            module.tables.get_mut(table).elem_segments.insert(element);
        }
    }
}

/// A function that loads a part unless it is there. The host sets the exported global `part<n>` when it has put the
/// part's functions into the table.
fn ensure(module: &mut Module, load: FunctionId, part: usize) -> FunctionId {
    let there = module.globals.add_local(
        ValType::I32,
        true,
        false,
        ConstExpr::Value(ir::Value::I32(0)),
    );
    module.exports.add(&format!("part{part}"), there);
    let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
    builder.func_body().global_get(there).if_else(
        None,
        |_| {},
        |missing| {
            missing.i32_const(part as i32).call(load);
        },
    );
    builder.finish(vec![], &mut module.funcs)
}

/// What stands in the place of a function that went.
fn stub(
    module: &mut Module,
    id: FunctionId,
    ensure: FunctionId,
    table: TableId,
    slot: u64,
) -> LocalFunction {
    let ty = module.funcs.get(id).ty();
    let (params, results) = module.types.params_results(ty);
    let (params, results) = (params.to_vec(), results.to_vec());
    let args: Vec<_> = params.iter().map(|ty| module.locals.add(*ty)).collect();
    let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
    let mut body = builder.func_body();
    body.call(ensure);
    for arg in &args {
        body.local_get(*arg);
    }
    body.i32_const(slot as i32).call_indirect(ty, table);
    builder.local_func(args)
}

/// The numbers of the functions that a function calls.
fn calls(function: &LocalFunction) -> BTreeSet<usize> {
    struct Calls(BTreeSet<usize>);
    impl<'a> Visitor<'a> for Calls {
        fn visit_function_id(&mut self, id: &FunctionId) {
            self.0.insert(id.index());
        }
    }
    let mut calls = Calls(BTreeSet::new());
    ir::dfs_in_order(&mut calls, function, function.entry_block());
    calls.0
}
