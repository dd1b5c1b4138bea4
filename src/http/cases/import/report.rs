//! What came of taking a register in: every fault at once, or what became of each row.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::charset::Charset;
use super::column::Column;
use crate::domain::said::{Language, Said};
use crate::domain::text_enum::text_enum;
use crate::http::problem::FieldError;

/// Faults reported at most.
pub(super) const FAULTS_AT_MOST: usize = 500;

text_enum! {
    /// What can be wrong with a register beside what can be wrong with any application.
    pub enum Code in "register_fault" {
        EmptyFile = "empty_file" : "文件中没有数据行" / "The file has no rows.",
        EncodingBroken = "encoding_broken" : "UTF-8 编码在此行损坏" / "The UTF-8 is broken on this line.",
        EncodingUtf16 = "encoding_utf16" : "不支持 UTF-16,请另存为“CSV UTF-8”" / "UTF-16 is not taken; save as CSV UTF-8.",
        EncodingUnknown = "encoding_unknown" : "无法识别编码,应为 UTF-8 或 GB18030" / "The file is neither UTF-8 nor GB18030.",
        QuoteNotClosed = "quote_not_closed" : "此行开始的引号没有闭合" / "A quotation mark that opens on this line is not closed.",
        QuoteOutOfPlace = "quote_out_of_place" : "引号位置不当;单元格内的引号须成对书写并整体加引号" / "A quotation mark is out of place; quote the cell and double the mark.",
        TooManyRows = "too_many_rows" : "行数超过2000行" / "There are more than 2,000 rows.",
        TooManyColumns = "too_many_columns" : "列数过多" / "There are too many columns.",
        UnknownColumn = "unknown_column" : "没有此列名" / "There is no such column.",
        DuplicateColumn = "duplicate_column" : "列名重复" / "The column is there twice.",
        MissingColumn = "missing_column" : "缺少必需的列" / "A required column is missing.",
        CellCount = "cell_count" : "单元格数与标题行不一致" / "The row does not have as many cells as the heading.",
        MissingCell = "missing_cell" : "必填单元格为空" / "A required cell is empty.",
        UnknownValue = "unknown_value" : "不在可选值之内" / "The value is not one of those known.",
        InvalidDate = "invalid_date" : "不是有效日期,应写作 2026-03-02" / "Not a date such as 2026-03-02.",
        ExcelSerialDate = "excel_serial_date" : "这是 Excel 的日期序号,请将该列设为文本或日期格式 2026-03-02" / "This is a serial number of Excel; format the column as text or as 2026-03-02.",
        ExcelNumber = "excel_number" : "Excel 已将该号码改为科学计数法,末位数字已丢失,请以文本格式重新填写" / "Excel has turned the number into scientific notation and lost its last digits; enter it as text.",
        DuplicateInFile = "duplicate_in_file" : "登记号在文件中重复" / "The register number is in the file twice.",
    }
}

/// Something that is wrong.
pub(super) struct Found {
    /// The line on which the row begins; none for the file as a whole.
    pub(super) row: Option<u64>,
    /// The column.
    pub(super) column: Option<Column>,
    /// What is wrong.
    pub(super) code: String,
    detail: Said,
}

impl Found {
    fn new(row: Option<u64>, column: Option<Column>, code: Code) -> Self {
        Self {
            row,
            column,
            code: code.as_str().to_owned(),
            detail: Said::of(code.label_zh(), code.label_en()),
        }
    }

    /// A fault of the whole file.
    pub(super) fn of_file(code: Code) -> Self {
        Self::new(None, None, code)
    }

    /// A fault of a row.
    pub(super) fn of_row(row: u64, code: Code) -> Self {
        Self::new(Some(row), None, code)
    }

    /// A fault of a cell.
    pub(super) fn of_cell(row: u64, column: Column, code: Code) -> Self {
        Self::new(Some(row), Some(column), code)
    }

    /// A fault that the API finds in any application.
    pub(super) fn of_member(row: u64, fault: FieldError) -> Self {
        Self {
            row: Some(row),
            column: Column::of_pointer(&fault.pointer),
            code: fault.code,
            detail: fault.detail,
        }
    }

    /// The same, with particulars.
    pub(super) fn saying(mut self, particulars: impl Into<String>) -> Self {
        self.detail = self.detail.with(&Said::neutral(particulars.into()));
        self
    }
}

/// One fault of a register.
#[derive(Serialize, ToSchema)]
pub struct RegisterFaultView {
    /// The line of the file on which the row begins, the heading being 1; null for the whole file.
    #[schema(example = 7)]
    pub row: Option<u64>,
    /// The column.
    pub column: Option<Column>,
    /// Its heading in Chinese.
    #[schema(example = "证件号码")]
    pub heading: Option<String>,
    /// What is wrong, as a stable code.
    #[schema(example = "identity_checksum")]
    pub code: String,
    /// In words. The cell itself is not repeated.
    pub detail: String,
}

impl RegisterFaultView {
    /// A fault in the reader's language.
    pub(super) fn of(found: Found, language: Language) -> Self {
        Self {
            row: found.row,
            column: found.column,
            heading: found.column.map(|column| column.label_zh().to_owned()),
            code: found.code,
            detail: found.detail.into_text(language),
        }
    }
}

impl From<RegisterFaultView> for FieldError {
    fn from(fault: RegisterFaultView) -> Self {
        let row = fault.row.map_or_else(String::new, |row| format!("/rows/{row}"));
        let column = fault.column.map_or_else(String::new, |column| format!("/{column}"));
        Self {
            pointer: format!("#{row}{column}"),
            code: fault.code,
            detail: Said::neutral(fault.detail),
        }
    }
}

text_enum! {
    /// What became of a row.
    pub enum RowOutcome in "row_outcome" {
        WouldCreate = "would_create" : "可以导入" / "it can be taken in (dry run)",
        Created = "created" : "已导入" / "taken in now",
        AlreadyPresent = "already_present" : "此前已导入" / "taken in before; nothing was done",
        Failed = "failed" : "未导入" / "not taken in",
        NotTried = "not_tried" : "未处理" / "not tried, because the store had failed before",
    }
}

/// What became of one row.
#[derive(Serialize, ToSchema)]
pub struct RowView {
    /// The line of the file on which it begins.
    pub row: u64,
    /// Its number in the register.
    pub register_number: String,
    /// What became of it.
    pub outcome: RowOutcome,
    /// The id of its case.
    pub id: Option<Uuid>,
    /// The number on the receipt.
    pub receipt_number: Option<String>,
    /// The number in our register.
    pub case_number: Option<String>,
    /// The query code for the applicant. Shown this once (and again when the same row is sent again
    /// by the same user within 48 hours): print it by `POST /api/v1/cases/{id}/receipt` now.
    pub query_code: Option<String>,
    /// Addresses of earlier cases of which it looks like a repetition.
    pub repeated: Vec<String>,
    /// Why it was not taken in, as a stable code.
    pub code: Option<String>,
    /// In words.
    pub detail: Option<String>,
}

/// What came of taking a register in.
#[derive(Serialize, ToSchema)]
pub struct ImportView {
    /// Was nothing to be written?
    pub dry_run: bool,
    /// The encoding of the file.
    pub charset: Option<Charset>,
    /// The source under which the register numbers are kept (`external_ref`).
    #[schema(example = "paper_register")]
    pub source: String,
    /// Rows read.
    pub rows: usize,
    /// Rows that were taken in, or can be.
    pub created: usize,
    /// Rows that had been taken in before.
    pub already_present: usize,
    /// Rows that were not taken in.
    pub failed: usize,
    /// Everything that is wrong, 500 at most. While there is anything, nothing is taken in.
    pub faults: Vec<RegisterFaultView>,
    /// Are there more faults?
    pub more_faults: bool,
    /// What became of each row, in their order; empty while there are faults.
    pub items: Vec<RowView>,
}
